package io.metamer.network;

import java.util.Comparator;
import java.util.List;
import java.util.ServiceLoader;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * Compiles graphs for a batch size. Engines are found by {@link java.util.ServiceLoader}.
 *
 * @since 0.1
 */
public interface Engine {

  /** The system property that names the engine to take, instead of the one of highest priority. */
  String PROPERTY = "metamer.engine";

  /**
   * The engines on the class path that can run here.
   *
   * @return new instances, the highest priority first; never empty
   * @throws IllegalStateException if there is none
   */
  static List<Engine> available() {
    List<Engine> engines =
        ServiceLoader.load(Engine.class, Engine.class.getClassLoader()).stream()
            .map(ServiceLoader.Provider::get)
            .filter(Engine::usable)
            .sorted(
                Comparator.comparingInt(Engine::priority).thenComparing(Engine::name).reversed())
            .toList();
    if (engines.isEmpty()) {
      throw new IllegalStateException(
          "no engine can run here: none is registered in META-INF/services/%s, or none is usable"
              .formatted(Engine.class.getName()));
    }
    return engines;
  }

  /**
   * The engine that the system property {@value #PROPERTY} names; where it is not set, the one with
   * the highest priority on the class path.
   *
   * @return a new instance
   * @throws IllegalStateException if there is none, or none of that name
   */
  static Engine preferred() {
    List<Engine> engines = available();
    String wanted = System.getProperty(PROPERTY);
    if (wanted == null) {
      return engines.get(0);
    }
    return engines.stream()
        .filter(engine -> engine.name().equals(wanted))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalStateException(
                    "system property %s: expected one of %s, got %s"
                        .formatted(PROPERTY, engines.stream().map(Engine::name).toList(), wanted)));
  }

  /**
   * The name, as results record it.
   *
   * @return a short lower-case name ("nd4j")
   */
  String name();

  /**
   * Which engine is taken when several are on the class path: the one with the highest number.
   *
   * @return the priority; the ND4J engine has 0
   */
  int priority();

  /**
   * Whether the engine can run here. One whose native library is missing or is for another machine
   * cannot, and is passed over.
   *
   * @return true unless the engine says otherwise
   */
  default boolean usable() {
    return true;
  }

  /**
   * Prepares a graph to run on batches of a fixed size, all memory allocated.
   *
   * @param graph the network up to its outputs
   * @param batch number of images, at least 1
   * @param type FLOAT or DOUBLE
   * @return the caller's, to be closed
   * @throws IllegalArgumentException if the batch is below 1 or the type is another
   */
  CompiledNetwork compile(Graph graph, int batch, DataType type);
}
