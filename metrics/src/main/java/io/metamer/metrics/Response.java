package io.metamer.metrics;

/**
 * What a person answered, as it is kept in a file: a trial is named, not held.
 *
 * @param participant who answered
 * @param trial the {@linkplain Trial#id() name} of the trial
 * @param choice the index of the alternative chosen, from 0
 * @since 0.1
 */
public record Response(String participant, String trial, int choice) {}
