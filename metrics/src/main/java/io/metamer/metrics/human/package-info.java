/**
 * Forced-choice experiments with people: a website that asks them, and what reads their answers.
 *
 * <p>{@link HumanStudy} writes the site and the key to it; {@link StudyKey} reads answers and gives
 * {@link HumanAnswers}, whose statistics are those of {@link io.metamer.metrics.Responses}.
 */
@NullMarked
package io.metamer.metrics.human;

import org.jspecify.annotations.NullMarked;
