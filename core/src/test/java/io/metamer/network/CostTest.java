package io.metamer.network;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.factory.Nd4j;

final class CostTest {

  private static final int[] ONE = {1, 1};
  private static final int[] NONE = {0, 0, 0, 0};

  @Test
  void eachKindOfProduct_isCounted() {
    Graph graph =
        new Graph(
            List.of(
                new Node.Input("x", new long[] {4, 8, 6}),
                // 12 maps of 3 x 2, each point from 2 channels x 3 x 3.
                new Node.Convolution(
                    "conv", "x", Nd4j.ones(12, 2, 3, 3), null, new int[] {2, 2}, NONE, ONE, 2),
                // 12 maps of 3 x 2, each point to 5 channels x 2 x 2, giving 5 x 6 x 4.
                new Node.Deconvolution(
                    "deconv",
                    "conv",
                    Nd4j.ones(12, 5, 2, 2),
                    null,
                    new int[] {2, 2},
                    NONE,
                    new int[] {0, 0},
                    ONE,
                    1),
                // 7 rows in place of 6.
                new Node.AxisProduct("axis", "deconv", 1, Nd4j.ones(7, 6)),
                // [5, 7, 4] to [5, 7, 3].
                new Node.Dense("dense", "axis", Nd4j.ones(3, 4), null),
                new Node.Transpose("turned", "dense", new int[] {0, 2, 1}),
                new Node.MatrixProduct("product", "dense", "turned")),
            List.of("product"));

    long convolution = 12 * 3 * 2 * 2 * 9;
    long deconvolution = 12 * 3 * 2 * 5 * 4;
    long axis = 5 * 7 * 4 * 6;
    long dense = 5 * 7 * 3 * 4;
    long product = 5 * 7 * 7 * 3;
    // Each multiply-add is two operations, and there is a way back; two of them of a product.
    Cost cost = Cost.of(graph);
    assertEquals(4 * (convolution + deconvolution + axis + dense) + 6 * product, cost.operations());
    assertEquals(4 * (12 * 2 * 9 + 12 * 5 * 4 + 7 * 6 + 3 * 4), cost.weightBytes());
    long kept = 4 * 8 * 6 + 12 * 3 * 2 + 5 * 6 * 4 + 5 * 7 * 4 + 2 * (5 * 7 * 3) + 5 * 7 * 7;
    assertEquals(4 * kept, cost.activationBytes());
  }

  @Test
  void whatLeadsToNoOutput_isFree() {
    Graph all = Networks.residual(List.of("logits", "a"));
    assertEquals(Cost.of(all.upTo(List.of("a"))), Cost.of(Networks.residual(List.of("a"))));
  }

  @Test
  void seconds_areThoseOfWhatTakesLonger() {
    Cost cost = new Cost(600, 10, 100);
    // 8 images: 4,800 operations, and 2 x 10 + 5 x 8 x 100 bytes.
    assertEquals(4_020, cost.bytes(8));
    assertEquals(48, cost.seconds(8, new MachineSpeed(100, 1e9)), 1e-12);
    assertEquals(40.2, cost.seconds(8, new MachineSpeed(1e9, 100)), 1e-12);
    assertThrows(IllegalArgumentException.class, () -> cost.seconds(0, new MachineSpeed(1, 1)));
  }

  @Test
  void batch_fitsTheBudget_orIsOne() {
    Cost cost = new Cost(600, 10, 100);
    assertEquals(810, cost.memory(8));
    assertEquals(8, cost.batchWithin(810));
    assertEquals(7, cost.batchWithin(809));
    assertEquals(1, cost.batchWithin(5));
    assertEquals(new Cost(1200, 20, 200), cost.plus(cost));
  }

  @Test
  void machine_hasRates() {
    MachineSpeed machine = MachineSpeed.measure();
    assertTrue(machine.operationsPerSecond() > 1e8, machine::toString);
    assertTrue(machine.bytesPerSecond() > 1e7, machine::toString);
    assertThrows(IllegalArgumentException.class, () -> new MachineSpeed(Double.NaN, 1));
    assertThrows(IllegalArgumentException.class, () -> new MachineSpeed(1, 0));
  }
}
