package io.metamer.metrics;

import static io.metamer.contract.Close.assertClose;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

final class BlockBootstrapTest {

  /** Of 40 blocks 20 are all right: the number of right blocks drawn is Binomial(40, 1/2). */
  @Test
  void interval_ofAllOrNothingBlocks_isThatOfTheBinomial() {
    List<Tally> blocks = new ArrayList<>();
    blocks.addAll(Collections.nCopies(20, new Tally(3, 0, 3, 1.0 / 3)));
    blocks.addAll(Collections.nCopies(20, new Tally(0, 0, 3, 1.0 / 3)));
    Interval interval = BlockBootstrap.interval(blocks, 0.95, 7);
    // P(X <= 13) = 0.019, P(X <= 14) = 0.040: the 2.5 % point of X is 14, by symmetry 26 above.
    assertClose(14.0 / 40, interval.low(), 1e-12, 0);
    assertClose(26.0 / 40, interval.high(), 1e-12, 0);
  }

  @Test
  void interval_ofUnequalBlocks_weighsTheirTrials() {
    List<Tally> blocks = List.of(new Tally(3, 0, 3, 1.0 / 3), new Tally(0, 0, 1, 1.0 / 3));
    Interval half = BlockBootstrap.interval(blocks, 0.4, 7);
    // Both, one or the other drawn twice: 3/4 with probability 1/2, else 0 or 1.
    assertEquals(0.75, half.low());
    assertEquals(0.75, half.high());
    Interval most = BlockBootstrap.interval(blocks, 0.95, 7);
    assertEquals(0, most.low());
    assertEquals(1, most.high());
  }

  @Test
  void interval_ofTheSameSeed_isTheSame() {
    List<Tally> blocks =
        List.of(
            new Tally(3, 0, 3, 1.0 / 3), new Tally(1, 0, 3, 1.0 / 3), new Tally(0, 0, 2, 1.0 / 3));
    assertEquals(
        BlockBootstrap.interval(blocks, 0.95, 42), BlockBootstrap.interval(blocks, 0.95, 42));
  }
}
