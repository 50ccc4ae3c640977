package org.geodex.memory;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** Fails a test class that leaves native memory behind. On for every test of every module. */
public final class LeakLedgerExtension implements BeforeAllCallback, AfterAllCallback {
  private Set<Long> before = Set.of();

  @Override
  public void beforeAll(ExtensionContext context) {
    before = new HashSet<>(LeakLedger.open());
  }

  @Override
  public void afterAll(ExtensionContext context) {
    List<String> left =
        LeakLedger.open().stream()
            .filter(address -> !before.contains(address))
            .map(LeakLedger::describe)
            .toList();
    if (!left.isEmpty()) {
      throw new AssertionError(
          "%d native allocation(s) left open%n%s".formatted(left.size(), String.join("\n", left)));
    }
  }
}
