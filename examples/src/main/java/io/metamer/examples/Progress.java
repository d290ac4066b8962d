package io.metamer.examples;

import java.io.PrintStream;
import java.text.DecimalFormat;
import java.time.Duration;
import java.util.Locale;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/** Shows how far a long job is and how long it will take. */
interface Progress extends AutoCloseable {

  /** Names what is being done now. */
  void task(String name);

  /** Counts work that was done, in steps of a search without a regularizer. */
  void done(long steps);

  @Override
  void close();

  /**
   * On the standard error stream, as the launcher says it is.
   *
   * @param units of work in all
   */
  static Progress onScreen(long units) {
    return on(System.err, Boolean.getBoolean("metamer.terminal"), units);
  }

  /**
   * A bar with rate and time left on a terminal; elsewhere, in a log say, a line every tenth.
   *
   * @param terminal whether the stream is a terminal
   * @param steps how many in all
   */
  static Progress on(PrintStream stream, boolean terminal, long steps) {
    return terminal ? new Bar(stream, steps) : new Lines(stream, steps);
  }

  /** A line that is written over and over. */
  final class Bar implements Progress {

    private final ProgressBar bar;

    private Bar(PrintStream stream, long steps) {
      bar =
          new ProgressBarBuilder()
              .setTaskName("")
              .setInitialMax(steps)
              .setStyle(ProgressBarStyle.ASCII)
              .setUnit(" steps", 1)
              .showSpeed(new DecimalFormat("0"))
              .setUpdateIntervalMillis(200)
              .setConsumer(new ConsoleProgressBarConsumer(stream))
              .build();
    }

    @Override
    public void task(String name) {
      bar.setExtraMessage(name);
    }

    @Override
    public void done(long steps) {
      bar.stepBy(steps);
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
    private final long steps;
    private final long started = System.nanoTime();
    private long done;

    private Lines(PrintStream stream, long steps) {
      this.stream = stream;
      this.steps = steps;
    }

    @Override
    public void task(String name) {
      stream.println(name);
    }

    @Override
    public void done(long more) {
      long before = done * PARTS / steps;
      done += more;
      if (done * PARTS / steps > before) {
        double seconds = (System.nanoTime() - started) * 1e-9;
        Duration left = Duration.ofSeconds(Math.round(seconds / done * Math.max(0, steps - done)));
        stream.printf(
            Locale.ROOT,
            "%3d %%, about %d:%02d left at %.0f steps/s%n",
            100 * done / steps,
            left.toMinutes(),
            left.toSecondsPart(),
            done / seconds);
      }
    }

    @Override
    public void close() {
      stream.flush();
    }
  }
}
