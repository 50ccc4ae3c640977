package org.geodex.intervention;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/**
 * GPT-2 in f64 with plain loops, from the published description, one sequence at a time. Shares no
 * code with the project, not even the reader of the weights; for small models.
 */
final class HandGpt2 {
  private final Map<String, double[]> weights = new HashMap<>();
  private final int layers;
  private final int width;
  private final int heads;
  private final int vocabulary;

  /** What is done to rows on their way. */
  interface Edit {
    /** Row of the residual stream that leaves hidden state {@code state}. */
    default void residual(int state, int place, double[] h) {}

    /** Scores before softmax of a query of layer {@code layer}, keys 0 … place. */
    default void scores(int layer, int head, int place, double[] scores) {}

    /** Weights after softmax. */
    default void weights(int layer, int head, int place, double[] w) {}
  }

  HandGpt2(Path folder) throws IOException {
    JsonNode config = new ObjectMapper().readTree(folder.resolve("config.json").toFile());
    layers = config.get("n_layer").asInt();
    width = config.get("n_embd").asInt();
    heads = config.get("n_head").asInt();
    vocabulary = config.get("vocab_size").asInt();
    ByteBuffer file = ByteBuffer.wrap(Files.readAllBytes(folder.resolve("model.safetensors")));
    file.order(ByteOrder.LITTLE_ENDIAN);
    int head = (int) file.getLong(0);
    byte[] json = new byte[head];
    file.get(8, json);
    for (var entry : new ObjectMapper().readTree(json).properties()) {
      if (entry.getValue().has("data_offsets")) {
        int from = 8 + head + entry.getValue().get("data_offsets").get(0).asInt();
        int to = 8 + head + entry.getValue().get("data_offsets").get(1).asInt();
        double[] values = new double[(to - from) / 2];
        Arrays.setAll(values, i -> Float.float16ToFloat(file.getShort(from + 2 * i)));
        weights.put(entry.getKey().replace("transformer.", ""), values);
      }
    }
  }

  /** Logits after every token, [length][vocabulary]. */
  double[][] logits(int[] tokens, Edit edit) {
    double[][] x = new double[tokens.length][width];
    for (int t = 0; t < tokens.length; t++) {
      for (int j = 0; j < width; j++) {
        x[t][j] = w("wte.weight")[tokens[t] * width + j] + w("wpe.weight")[t * width + j];
      }
      edit.residual(0, t, x[t]);
    }
    for (int layer = 0; layer < layers; layer++) {
      String name = "h." + layer + ".";
      double[][] attended = attention(layer, x, edit);
      for (int t = 0; t < x.length; t++) {
        add(x[t], linear(attended[t], name + "attn.c_proj", width));
        double[] inner = linear(norm(x[t], name + "ln_2"), name + "mlp.c_fc", 4 * width);
        for (int j = 0; j < inner.length; j++) {
          double u = inner[j];
          inner[j] = 0.5 * u * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (u + 0.044715 * u * u * u)));
        }
        add(x[t], linear(inner, name + "mlp.c_proj", width));
        edit.residual(layer + 1, t, x[t]);
      }
    }
    double[][] logits = new double[x.length][vocabulary];
    for (int t = 0; t < x.length; t++) {
      double[] last = norm(x[t], "ln_f");
      for (int v = 0; v < vocabulary; v++) {
        for (int j = 0; j < width; j++) {
          logits[t][v] += last[j] * w("wte.weight")[v * width + j];
        }
      }
    }
    return logits;
  }

  private double[][] attention(int layer, double[][] x, Edit edit) {
    double[][] qkv = new double[x.length][];
    for (int t = 0; t < x.length; t++) {
      qkv[t] = linear(norm(x[t], "h." + layer + ".ln_1"), "h." + layer + ".attn.c_attn", 3 * width);
    }
    int size = width / heads;
    double[][] out = new double[x.length][width];
    for (int head = 0; head < heads; head++) {
      for (int t = 0; t < x.length; t++) {
        double[] scores = new double[t + 1];
        for (int k = 0; k <= t; k++) {
          for (int j = 0; j < size; j++) {
            scores[k] += qkv[t][head * size + j] * qkv[k][width + head * size + j];
          }
          scores[k] /= Math.sqrt(size);
        }
        edit.scores(layer, head, t, scores);
        double largest = Arrays.stream(scores).max().orElseThrow();
        double[] w = Arrays.stream(scores).map(s -> Math.exp(s - largest)).toArray();
        double sum = Arrays.stream(w).sum();
        Arrays.setAll(w, k -> w[k] / sum);
        edit.weights(layer, head, t, w);
        for (int k = 0; k <= t; k++) {
          for (int j = 0; j < size; j++) {
            out[t][head * size + j] += w[k] * qkv[k][2 * width + head * size + j];
          }
        }
      }
    }
    return out;
  }

  private double[] linear(double[] x, String name, int outputs) {
    double[] y = w(name + ".bias").clone();
    double[] w = w(name + ".weight");
    for (int i = 0; i < x.length; i++) {
      for (int o = 0; o < outputs; o++) {
        y[o] += x[i] * w[i * outputs + o];
      }
    }
    return y;
  }

  private double[] norm(double[] x, String name) {
    double mean = Arrays.stream(x).average().orElseThrow();
    double variance = Arrays.stream(x).map(v -> (v - mean) * (v - mean)).average().orElseThrow();
    double[] y = new double[x.length];
    Arrays.setAll(
        y,
        j ->
            (x[j] - mean) / Math.sqrt(variance + 1e-5) * w(name + ".weight")[j]
                + w(name + ".bias")[j]);
    return y;
  }

  private static void add(double[] x, double[] more) {
    Arrays.setAll(x, j -> x[j] + more[j]);
  }

  private double[] w(String name) {
    return weights.get(name);
  }
}
