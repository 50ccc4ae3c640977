package org.geodex.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.Arrays;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.geodex.backend.Backend;
import org.geodex.backend.BackendOptions;
import org.geodex.backend.Backends;
import org.geodex.cuda.Emulator;
import org.geodex.matrix.ElementType;
import org.geodex.matrix.SafetensorsFile;
import org.geodex.matrix.Tensor;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every hidden state, attention weight and logit of every golden, through the public interface. */
class GoldenForwardTest {
  static List<Golden> goldens() {
    return Golden.all();
  }

  @ParameterizedTest
  @MethodSource("goldens")
  void cpu(Golden golden) {
    check(golden, "cpu");
  }

  @ParameterizedTest
  @MethodSource("goldens")
  void scalar(Golden golden) {
    check(golden, "scalar");
  }

  @ParameterizedTest
  @MethodSource("goldens")
  void cudaThroughPanama(Golden golden) {
    checkOnEmulator(golden, "panama");
  }

  @ParameterizedTest
  @MethodSource("goldens")
  void cudaThroughJcuda(Golden golden) {
    checkOnEmulator(golden, "jcuda");
  }

  private static void checkOnEmulator(Golden golden, String binding) {
    assumeTrue(Emulator.isAvailable(), "this build has no emulator");
    check(golden, new BackendOptions("cuda", binding, "emulator", 2, 1L << 30));
  }

  private static void check(Golden golden, String backendName) {
    check(golden, BackendOptions.defaults().withBackend(backendName));
  }

  private static void check(Golden golden, BackendOptions options) {
    try (Backend backend = Backends.open(options);
        Model model = Model.load(golden.folder(), backend);
        Activations actual = model.forward(golden.inputs(), Keep.everything(), LayerHook.NONE);
        SafetensorsFile expected = golden.expected()) {
      assertEquals(
          new TreeSet<>(expected.names()),
          actual.tensors().stream()
              .map(Activations.Tensor::name)
              .collect(Collectors.toCollection(TreeSet::new)));
      for (Activations.Tensor tensor : actual.tensors()) {
        golden.check(expected.tensor(tensor.name()), tensor.name(), stored(tensor));
      }
      assertEquals(List.of(), backend.hostOperations());
    }
  }

  private static Tensor stored(Activations.Tensor tensor) {
    List<Long> shape = Arrays.stream(tensor.shape()).boxed().toList();
    return new Tensor(tensor.name(), ElementType.F32, shape, tensor.values().reading());
  }
}
