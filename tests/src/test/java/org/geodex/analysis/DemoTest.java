package org.geodex.analysis;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.geodex.cli.CommandRun;
import org.geodex.corpus.ShippedModels;
import org.geodex.report.ReportInBrowser;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DemoTest {
  @Test
  void theDemoLeavesAReportOfEveryShippedModel(@TempDir Path folder) throws IOException {
    Path out = folder.resolve("demo");
    CommandRun run = CommandRun.of("demo", "--out", out, "--documents", 12, "--max-rows", 200);
    assertEquals(0, run.exit(), run.err());
    JsonNode report = new ObjectMapper().readTree(out.resolve("report.json").toFile());
    assertEquals(
        "geodex demo --out %s --documents 12 --max-rows 200".formatted(out),
        report.at("/provenance/command").asText());
    JsonNode results = report.get("results");
    for (String model : ShippedModels.ARCHITECTURES) {
      JsonNode result = results.get(model);
      assertEquals(model.replaceAll("-.*", ""), result.get("model_type").asText());
      assertTrue(Files.exists(out.resolve(model + "_layers.arrow")), model);
      assertEquals(3, result.get("maps").size());
      // The word alone nearly gives its class; its topic needs the words around it.
      assertTrue(result.at("/probes/word_class_before_topic").asBoolean(), model);
    }
    assertEquals(ShippedModels.FAMILY.size(), results.at("/scaling/models").size());
    ReportInBrowser.check(out.resolve("report.html"), Path.of("target/screenshots/demo"));
  }
}
