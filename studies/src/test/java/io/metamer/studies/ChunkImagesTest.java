package io.metamer.studies;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.metamer.image.Images;
import io.metamer.image.Seeds;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.api.ndarray.INDArray;

final class ChunkImagesTest {

  private final Path images;
  private final Path out;

  ChunkImagesTest(@TempDir Path temp) {
    images = Fixture.images(temp.resolve("images"), 5);
    out = temp.resolve("out");
  }

  @Test
  void images_areTargetsSeedsAndWhatTheFilesHold() throws IOException {
    StudyRun run = StudyRun.of(Fixture.tiny(images), out);
    run.run(StudyListener.none());
    Chunk chunk = run.chunks().get(1);
    try (ChunkImages shown = run.images(chunk)) {
      assertEquals(Fixture.INPUT, shown.spec());
      List<Path> files = List.of(images.resolve("t03.png"), images.resolve("t04.png"));
      assertEquals(Images.read(files, Fixture.INPUT), shown.targets());
      INDArray seed = Seeds.shared(Fixture.INPUT, 2, 42);
      assertEquals(seed, shown.seeds());
      Path found = out.resolve(chunk.folder()).resolve("00004-t04.png");
      assertEquals(Images.read(List.of(found), Fixture.INPUT).slice(0), shown.found().slice(1));
    }
  }

  @Test
  void chunkThatIsNotThere_isRefused() throws IOException {
    StudyRun run = StudyRun.of(Fixture.tiny(images), out);
    Chunk chunk = run.chunks().get(0);
    IOException missing = assertThrows(IOException.class, () -> run.images(chunk));
    assertTrue(missing.getMessage().endsWith("chunk 0 is not there as a whole"));
    run.run(StudyListener.none());
    Files.delete(out.resolve(chunk.folder()).resolve("00000-t00.png"));
    assertThrows(IOException.class, () -> run.images(chunk));
    Chunk other = new Chunk("x", "y", 1, 0, 0, chunk.targets(), 1, chunk.key());
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> run.images(other));
    assertEquals("expected a chunk of this run, got x, y, seed 1, chunk 0", e.getMessage());
  }
}
