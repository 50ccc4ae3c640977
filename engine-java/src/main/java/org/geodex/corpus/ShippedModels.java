package org.geodex.corpus;

import java.net.URI;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Path;
import java.util.List;
import org.geodex.blas.NativeLibraries;
import org.geodex.error.UnavailableException;

/**
 * The models that come with Geodex: small ones that were trained on the {@linkplain Language
 * language}, in Hugging Face's folder layout, each with a model card. Trained by {@code
 * tests/models/train.py} on documents of seed {@value #TRAINING_SEED}, validated on seed {@value
 * #VALIDATION_SEED}; use others to measure.
 */
public final class ShippedModels {
  public static final long TRAINING_SEED = 1;
  public static final long VALIDATION_SEED = 2;

  /** GPT-2 by width, the smallest first; same data, same number of words seen. */
  public static final List<String> FAMILY =
      List.of("gpt2-16", "gpt2-32", "gpt2-64", "gpt2-96", "gpt2-160");

  /** The four architectures at one width and depth. */
  public static final List<String> ARCHITECTURES = List.of("gpt2-64", "bert", "roberta", "t5");

  private static final String PREFIX = "/org/geodex/models/";
  private static final List<String> FILES =
      List.of(
          "config.json",
          "model.safetensors",
          "tokenizer.json",
          "tokenizer_config.json",
          "README.md",
          "training.json");

  private ShippedModels() {}

  /**
   * The folder of a model: in a checkout where it lies, otherwise unpacked from the jar into the
   * cache, once.
   *
   * @param name one of {@link #FAMILY} or {@link #ARCHITECTURES}
   */
  public static Path folder(String name) {
    String prefix = PREFIX + name + "/";
    URL config = ShippedModels.class.getResource(prefix + FILES.getFirst());
    if (config == null) {
      throw new UnavailableException("no model %s comes with this build", name);
    }
    try {
      URI uri = config.toURI();
      return uri.getScheme().equals("file")
          ? Path.of(uri).getParent()
          : NativeLibraries.unpack("model-" + name, prefix, FILES);
    } catch (URISyntaxException e) {
      throw new UnavailableException(e, "model %s: %s", name, e.getMessage());
    }
  }
}
