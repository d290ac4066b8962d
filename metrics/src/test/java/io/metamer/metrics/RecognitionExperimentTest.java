package io.metamer.metrics;

import static io.metamer.contract.Close.assertClose;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class RecognitionExperimentTest {

  private static final String HEADER =
      "experiment,model,layer_index,layer,participant,human_correct,network_correct\n";

  private static final String TWO_EXPERIMENTS =
      HEADER
          + """
          7,net,2,deep,0,0.25,0.9
          7,net,0,natural_image,0,1.0,0.8
          7,net,0,natural_image,1,0.5,0.6
          7,net,2,deep,1,0.75,0.7
          7,other,2,deep,1,0.25,1
          7,other,2,deep,0,0.00,1
          8,net,2,deep,0,1.0,0.1
          """;

  @TempDir private Path folder;

  private SortedMap<Integer, RecognitionExperiment> read(String text) throws IOException {
    return RecognitionExperiment.read(Files.writeString(folder.resolve("people.csv"), text));
  }

  @Test
  void experiments_ofAFile_areKeptApart() throws IOException {
    SortedMap<Integer, RecognitionExperiment> experiments = read(TWO_EXPERIMENTS);
    assertEquals(Set.of(7, 8), experiments.keySet());
    RecognitionExperiment seven = experiments.get(7);
    assertEquals(7, seven.number());
    assertEquals(Set.of(0, 1), seven.participants());
    assertEquals(Set.of("net", "other"), seven.networks());
    assertEquals(List.of("natural_image", "deep"), seven.layers("net"));
    assertEquals(0.5, seven.human("net", "deep", 1).value());
    assertEquals(new Interval(0.25, 0.75, 0.95), seven.human("net", "deep", 1).interval());
    assertEquals(new Spread(Spread.Over.ANNOTATORS, 2, 0.5, 0.25), seven.spread("net", "deep"));
    assertClose(0.8, seven.network("net", "deep"), 1e-12, 0);
    assertEquals(1, experiments.get(8).human("net", "deep", 1).value());
    assertEquals(Set.of(0), experiments.get(8).participants());
  }

  @Test
  void networks_areComparedByParticipant() throws IOException {
    RecognitionExperiment seven = read(TWO_EXPERIMENTS).get(7);
    PairedDifference difference = seven.difference("net", "other", "deep", 1);
    assertClose(0.375, difference.value(), 1e-12, 0);
    assertEquals(0.5, difference.p());
    assertEquals(2, difference.n());
  }

  @Test
  void ceiling_leavesNaturalImagesOut() throws IOException {
    NoiseCeiling ceiling = read(TWO_EXPERIMENTS).get(7).noiseCeiling(1).orElseThrow();
    assertEquals(2, ceiling.conditions());
    assertClose(1, ceiling.halves(), 1e-12, 0);
  }

  @Test
  void names_thatAreNotThere_areRefused() throws IOException {
    RecognitionExperiment seven = read(TWO_EXPERIMENTS).get(7);
    Exception e = assertThrows(IllegalArgumentException.class, () -> seven.layers("third"));
    assertEquals(
        "expected a network of experiment 7 among [net, other], got third", e.getMessage());
    e =
        assertThrows(
            IllegalArgumentException.class,
            () -> seven.difference("net", "other", "natural_image", 1));
    assertEquals("expected a layer of other among [deep], got natural_image", e.getMessage());
  }

  @Test
  void files_withHoles_areRefused() {
    refused(
        HEADER + "7,net,2,deep,0,0.25,0.9\n7,net,2,deep,0,0.25,0.9\n",
        "row 2: a second value of participant 0 at deep of net in experiment 7");
    refused(
        HEADER + "7,net,2,deep,0,0.25,0.9\n7,other,2,deep,1,0.25,0.9\n",
        "no value of participants [1] at deep of net in experiment 7");
    refused(
        HEADER + "7,net,2,deep,0,1.25,0.9\n", "row 1: expected human_correct in [0, 1], got 1.25");
    refused(
        HEADER + "7,net,2,deep,0,0.25,NaN\n",
        "row 1: expected a number in column network_correct, got 'NaN'");
    refused(
        HEADER + "7,net,2,deep,x,0.25,0.5\n",
        "row 1: expected a whole number in column participant, got 'x'");
    refused("experiment,model\n", "expected a column layer_index, got [experiment, model]");
  }

  private void refused(String text, String message) {
    IOException e = assertThrows(IOException.class, () -> read(text));
    assertTrue(e.getMessage().endsWith(message), e.getMessage());
  }
}
