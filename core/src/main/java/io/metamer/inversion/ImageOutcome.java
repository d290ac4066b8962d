package io.metamer.inversion;

/**
 * How the search for one image went.
 *
 * @param distance relative distance {@code ||m(x') - m(x)|| / ||m(x)||} of the image that was kept;
 *     at least 0, and infinite if no loss was finite and the seed was kept
 * @param loss its total loss, {@code distance + penalty}
 * @param bestIteration the iteration that it was found at; 0 is the seed
 * @param iterations steps made
 * @param stop why the search ended
 * @since 0.1
 */
public record ImageOutcome(
    double distance, double loss, int bestIteration, int iterations, StopReason stop) {}
