package io.metamer.model;

import static io.metamer.model.Messages.assertRefused;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import io.metamer.model.LayerSelection.Part;
import java.util.List;
import org.junit.jupiter.api.Test;

final class LayerSelectionTest {

  private static final Class<? extends Exception> ILLEGAL = IllegalArgumentException.class;

  @Test
  void selections_madeInOrder_keepIt() {
    LayerSelection selection = LayerSelection.of("a", 2).and("b").and("c", 0.5).withFakeRelu();
    assertEquals(
        new LayerSelection(List.of(new Part("a", 2), new Part("b", 1), new Part("c", 0.5)), true),
        selection);
    assertEquals(LayerSelection.of("a").and("b"), LayerSelection.of(List.of("a", "b")));
  }

  @Test
  void text_ofASingleLayer_isItsName() {
    assertEquals("conv 3, 0.5 * x", LayerSelection.of("conv 3, 0.5 * x").toString());
  }

  @Test
  void text_ofAnythingElse_quotesNamesAndStatesWeightsAndFakeRelu() {
    assertEquals("\"a\", 0.5 * \"b\"", LayerSelection.of("a").and("b", 0.5).toString());
    assertEquals("2.0 * \"a\"", LayerSelection.of("a", 2).toString());
    assertEquals("\"a\", fake ReLU", LayerSelection.of("a").withFakeRelu().toString());
  }

  @Test
  void text_ofNamesWithQuotationMarks_isThatOfNoOtherSelection() {
    LayerSelection two = LayerSelection.of("a").and("b");
    assertNotEquals(two.toString(), LayerSelection.of("\"a\", \"b\"").toString());
    assertNotEquals(two.toString(), LayerSelection.of("a\", \"b").withFakeRelu().toString());
    assertNotEquals(
        LayerSelection.of("a\\").and("b").toString(),
        LayerSelection.of("a\", \"b").and("b").toString());
  }

  @Test
  void selections_thatCannotBe_areRefused() {
    assertRefused(ILLEGAL, () -> LayerSelection.of(List.of()), "at least one layer");
    for (double weight : new double[] {0, -1, Double.NaN, Double.POSITIVE_INFINITY}) {
      assertRefused(
          ILLEGAL,
          () -> LayerSelection.of("a").and("b", weight),
          "weight above 0 of layer b, got " + weight);
    }
  }
}
