package org.geodex.benchmark;

import com.fasterxml.jackson.annotation.JsonIgnore;
import java.util.Arrays;
import java.util.List;

/**
 * One workload of ours beside another library.
 *
 * @param workload in words
 * @param peer library and method; what is not installed has its reason here
 * @param version of the library, empty where it is missing
 * @param seconds of one call of ours, the median of the rounds
 * @param peerSeconds theirs
 * @param ratio the median over the rounds of theirs over ours
 * @param low the lowest round
 * @param high the highest: the interval of r rounds holds the median ratio with 1 − 2^(1−r)
 * @param rounds forks of ours and processes of theirs
 */
public record PeerComparison(
    String workload,
    String peer,
    String version,
    double seconds,
    double peerSeconds,
    double ratio,
    double low,
    double high,
    int rounds) {

  /**
   * Compares the rounds of a workload.
   *
   * @param ours seconds of one call in each round
   * @param theirs the same of the peer
   */
  static PeerComparison of(
      String workload, String peer, String version, double[] ours, double[] theirs) {
    double[] ratios = new double[ours.length];
    Arrays.setAll(ratios, i -> theirs[i] / ours[i]);
    var range = Arrays.stream(ratios).summaryStatistics();
    return new PeerComparison(
        workload,
        peer,
        version,
        BenchmarkResult.median(ours),
        BenchmarkResult.median(theirs),
        BenchmarkResult.median(ratios),
        range.getMin(),
        range.getMax(),
        ours.length);
  }

  /** A row for a library that is not there. */
  static PeerComparison missing(String workload, String reason, double[] ours) {
    double none = Double.NaN;
    double seconds = BenchmarkResult.median(ours);
    return new PeerComparison(
        workload, "not installed: " + reason, "", seconds, none, none, none, none, ours.length);
  }

  /** Whether the peer is not installed. */
  @JsonIgnore
  public boolean isMissing() {
    return version.isEmpty();
  }

  /** The table of the README. */
  public static String markdown(List<PeerComparison> comparisons) {
    StringBuilder text = new StringBuilder();
    text.append("| workload | Geodex | peer | | ratio | interval |\n");
    text.append("| --- | --- | --- | --- | --- | --- |\n");
    comparisons.forEach(row -> text.append(row.line()).append('\n'));
    return text.toString();
  }

  private String line() {
    if (isMissing()) {
      return "| %s | %s | %s | - | - | - |".formatted(workload, time(seconds), peer);
    }
    return "| %s | %s | %s %s | %s | %s | %s to %s |"
        .formatted(
            workload,
            time(seconds),
            peer,
            version,
            time(peerSeconds),
            number(ratio),
            number(low),
            number(high));
  }

  private static String number(double ratio) {
    return (ratio < 9.95 ? "%.1f" : "%.0f").formatted(ratio);
  }

  /** Three digits, without an exponent. */
  private static String time(double seconds) {
    boolean milliseconds = seconds < 1;
    double value = milliseconds ? 1e3 * seconds : seconds;
    int decimals = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
    return ("%." + decimals + "f %s").formatted(value, milliseconds ? "ms" : "s");
  }
}
