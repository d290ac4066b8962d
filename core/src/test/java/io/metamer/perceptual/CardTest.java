package io.metamer.perceptual;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;

final class CardTest {

  @Test
  void print_isOneLine() {
    assertEquals(
        "1 - SSIM; 0 (same) to 2.000, lower is more alike; symmetric; from 11 x 11 pixels; Wang,"
            + " Bovik, Sheikh and Simoncelli (2004), Image quality assessment: from error"
            + " visibility to structural similarity",
        new StructuralSimilarity().card().toString());
    assertEquals(
        "f; 0 (same) to Infinity, lower is more alike; not symmetric; from 1 x 1 pixels; s",
        new Card("f", Double.POSITIVE_INFINITY, 1, false, "s").toString());
  }

  @Test
  void card_thatSaysNothing_isRefused() {
    assertThrows(IllegalArgumentException.class, () -> new Card(" ", 1, 1, true, "source"));
    assertThrows(IllegalArgumentException.class, () -> new Card("formula", 1, 1, true, ""));
    assertThrows(IllegalArgumentException.class, () -> new Card("formula", -1, 1, true, "source"));
    assertThrows(
        IllegalArgumentException.class, () -> new Card("formula", Double.NaN, 1, true, "source"));
    assertThrows(IllegalArgumentException.class, () -> new Card("formula", 1, 0, true, "source"));
  }
}
