package org.geodex.scale;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.geodex.error.UsageException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PartitionTest {
  /** The published tables, at the depth they were published for. */
  @ParameterizedTest
  @CsvSource({
    "readme,gpt2,12,0-2/3-8/9-12",
    "readme,bert,12,0-4/5-8/9-12",
    "readme,roberta,12,0-4/5-8/9-12",
    "readme,t5,6,0-2/3-4/5-6",
    "code,gpt2,12,0-3/4-7/8-11",
    "code,bert,12,0-3/4-7/8-10",
    "figure,gpt2,12,1-4/5-8/9-12",
    "thirds,gpt2,12,0-4/5-8/9-12",
    "thirds,gpt2,2,0-0/1-1/2-2",
    "1-2/4-5/6-6,bert,6,1-2/4-5/6-6"
  })
  void presets(String name, String modelType, int layers, String expected) {
    assertEquals(expected, Partition.preset(name, modelType, layers).toString());
  }

  /** Only at the depth that it was given for is a preset the published partition. */
  @ParameterizedTest
  @CsvSource({
    "readme,gpt2,12,true",
    "readme,gpt2,6,false",
    "readme,t5,6,true",
    "readme,t5,12,false",
    "figure,bert,12,true",
    "thirds,gpt2,12,false",
    "0-1/2-3/4-5,gpt2,12,false"
  })
  void isPublished(String name, String modelType, int layers, boolean expected) {
    assertEquals(expected, Partition.isPublished(name, modelType, layers));
  }

  @Test
  void everyPresetFitsEveryDepth() {
    for (String name : new String[] {"thirds", "readme", "code", "figure"}) {
      for (String type : new String[] {"gpt2", "bert", "t5"}) {
        for (int layers = 2; layers < 50; layers++) {
          assertTrue(Partition.preset(name, type, layers).global().last() <= layers);
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"0-3", "0-3/2-4/5-6", "0-1/2-3/4-13", "a-b/2/3", "0-1/3-2/4-5", "1-2-3/4/5"})
  void whatCannotBeAPartitionIsRefused(String text) {
    assertThrows(UsageException.class, () -> Partition.preset(text, "gpt2", 12));
  }

  @Test
  void aPlantedBlockStructureIsFound() {
    int[] block = {0, 0, 0, 1, 1, 1, 1, 2, 2};
    double[][] kernel = new double[9][9];
    for (int i = 0; i < 9; i++) {
      for (int j = 0; j < 9; j++) {
        kernel[i][j] = block[i] == block[j] ? 1 : 0.2;
      }
    }
    KernelSegmentation.Cuts best = new KernelSegmentation(kernel).best();
    assertEquals(3, best.second());
    assertEquals(7, best.third());
    assertEquals(0, best.cost(), 1e-12);
  }
}
