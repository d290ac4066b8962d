package io.metamer.examples;

import java.io.PrintStream;
import java.time.Duration;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/** Shows how far a long job is and how long it will take. */
interface Progress extends AutoCloseable {

  /** Names what is being done now. */
  void task(String name);

  /** Counts work that was done. */
  void done(long units);

  @Override
  void close();

  /**
   * A bar with the time left on a terminal; elsewhere, in a log say, a line every tenth.
   *
   * @param terminal whether the stream is a terminal
   * @param units of work in all
   */
  static Progress on(PrintStream stream, boolean terminal, long units) {
    return terminal ? new Bar(stream, units) : new Lines(stream, units);
  }

  /** A line that is written over and over. */
  final class Bar implements Progress {

    private final ProgressBar bar;

    private Bar(PrintStream stream, long units) {
      bar =
          new ProgressBarBuilder()
              .setTaskName("")
              .setInitialMax(units)
              .setStyle(ProgressBarStyle.ASCII)
              .setUpdateIntervalMillis(200)
              .setConsumer(new ConsoleProgressBarConsumer(stream))
              .build();
    }

    @Override
    public void task(String name) {
      bar.setExtraMessage(name);
    }

    @Override
    public void done(long units) {
      bar.stepBy(units);
    }

    @Override
    public void close() {
      bar.close();
    }
  }

  /** Lines without control characters. */
  final class Lines implements Progress {

    private static final int PARTS = 10;

    private final PrintStream stream;
    private final long units;
    private final long started = System.nanoTime();
    private long done;

    private Lines(PrintStream stream, long units) {
      this.stream = stream;
      this.units = units;
    }

    @Override
    public void task(String name) {
      stream.println(name);
    }

    @Override
    public void done(long more) {
      long before = done * PARTS / units;
      done += more;
      if (done * PARTS / units > before) {
        Duration left =
            Duration.ofNanos((System.nanoTime() - started) / done * Math.max(0, units - done));
        stream.printf(
            "%3d %%, about %d:%02d left%n",
            100 * done / units, left.toMinutes(), left.toSecondsPart());
      }
    }

    @Override
    public void close() {
      stream.flush();
    }
  }
}
