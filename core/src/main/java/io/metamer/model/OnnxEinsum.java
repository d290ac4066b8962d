package io.metamer.model;

import io.metamer.model.GraphBuilder.Tensor;
import io.metamer.model.OnnxActivation.Place;
import io.metamer.network.Node;
import io.metamer.network.Node.Reduce.Reduction;
import java.util.Arrays;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Sums of products, written with a letter for each axis: as transpositions, reshapings and one
 * matrix product. A letter may stand only once on one side of a product.
 */
final class OnnxEinsum {

  /** An operand of one example, and the letters of its axes. */
  private record Term(Tensor tensor, String letters) {

    long size(char letter) {
      return tensor.shape()[letters.indexOf(letter)];
    }

    boolean has(char letter) {
      return letters.indexOf(letter) >= 0;
    }
  }

  private OnnxEinsum() {}

  static void translate(OnnxNode node, OnnxTranslation to) {
    String equation = node.text("equation", "").replace(" ", "");
    int count = node.inputs().size();
    String[] sides = equation.split("->", -1);
    String[] inputs = sides[0].split(",", -1);
    if (sides.length > 2 || inputs.length != count || count > 2) {
      throw refused(node, equation);
    }
    int dots = 0;
    for (int i = 0; i < count; i++) {
      dots = Math.max(dots, rank(node, to, i) - inputs[i].replace(".", "").length());
    }
    for (int i = 0; i < count; i++) {
      int own = rank(node, to, i) - inputs[i].replace(".", "").length();
      inputs[i] = inputs[i].replace("...", upperCase(dots - own, own));
      if (inputs[i].length() != rank(node, to, i)
          || inputs[i].chars().distinct().count() != inputs[i].length()
          || !inputs[i].chars().allMatch(Character::isLetter)) {
        throw refused(node, equation);
      }
    }
    String output =
        sides.length == 2
            ? sides[1].replace("...", upperCase(0, dots))
            : upperCase(0, dots) + once(String.join("", inputs));
    translate(node, to, equation, inputs, output);
  }

  private static void translate(
      OnnxNode node, OnnxTranslation to, String equation, String[] inputs, String output) {
    OnnxActivation like = to.isConstant(node, 0) ? to.activation(node, 1) : to.activation(node, 0);
    String ofLike = to.isConstant(node, 0) ? inputs[1] : inputs[0];
    char batch = ofLike.charAt(like.batch());
    int place = output.indexOf(batch);
    if (place < 0 || output.chars().distinct().count() != output.length()) {
      throw refused(node, equation);
    }
    Term[] terms = new Term[inputs.length];
    for (int i = 0; i < terms.length; i++) {
      terms[i] = term(node, to, i, inputs[i], like, batch, equation);
    }
    boolean alone = like.place() == Place.ALONE;
    String wanted = alone ? output.replace(String.valueOf(batch), "") : output;
    Term result =
        terms.length == 1
            ? summed(to, node.output() + "/sum", terms[0], c -> wanted.indexOf(c) >= 0)
            : product(node, to, terms[0], terms[1], wanted);
    if (!sorted(result.letters()).equals(sorted(wanted))) {
      throw refused(node, equation);
    }
    Tensor ordered = ordered(to, node.output(), result, wanted);
    to.output(node, new OnnxActivation(ordered, place, like.place()));
  }

  private static UnsupportedModelException refused(OnnxNode node, String equation) {
    return node.unsupported(
        "equation %s; supported are one or two inputs with each letter once in each, and the batch"
                .formatted(equation)
            + " in the output");
  }

  private static int rank(OnnxNode node, OnnxTranslation to, int i) {
    return to.isConstant(node, i)
        ? to.required(node, i, "operand").rank()
        : to.activation(node, i).rank();
  }

  /** Letters for the dots, from the end, which no equation of small letters has. */
  private static String upperCase(int from, int count) {
    StringBuilder letters = new StringBuilder();
    for (int i = 0; i < count; i++) {
      letters.append((char) ('\u0391' + from + i)); // Greek capitals
    }
    return letters.toString();
  }

  /** The letters that stand once, in alphabetical order. */
  private static String once(String letters) {
    return letters
        .chars()
        .filter(c -> c < '\u0391' && letters.indexOf(c) == letters.lastIndexOf(c))
        .sorted()
        .mapToObj(Character::toString)
        .collect(Collectors.joining());
  }

  private static Term term(
      OnnxNode node,
      OnnxTranslation to,
      int i,
      String letters,
      OnnxActivation like,
      char batch,
      String equation) {
    if (to.isConstant(node, i)) {
      INDArray constant = to.required(node, i, "operand");
      if (letters.indexOf(batch) >= 0 || constant.rank() == 0) {
        throw refused(node, equation);
      }
      String name = node.output() + "/constant";
      return new Term(to.add(new Node.Constant(name, constant)), letters);
    }
    OnnxActivation x = to.activation(node, i);
    if (letters.indexOf(batch) != x.batch() || x.place() != like.place()) {
      throw refused(node, equation);
    }
    boolean alone = x.place() == Place.ALONE;
    return new Term(x.tensor(), alone ? letters.replace(String.valueOf(batch), "") : letters);
  }

  private static Term product(OnnxNode node, OnnxTranslation to, Term a, Term b, String output) {
    String name = node.output();
    Predicate<Character> wanted = c -> output.indexOf(c) >= 0;
    Term left = summed(to, name + "/left sum", a, c -> b.has(c) || wanted.test(c));
    Term right = summed(to, name + "/right sum", b, c -> a.has(c) || wanted.test(c));
    String shared = filtered(left.letters(), c -> right.has(c) && wanted.test(c));
    String inner = filtered(left.letters(), c -> right.has(c) && !wanted.test(c));
    String rows = filtered(left.letters(), c -> !right.has(c));
    String columns = filtered(right.letters(), c -> !left.has(c));
    Tensor l = merged(to, name + "/left", left, shared, rows, inner);
    Tensor r = merged(to, name + "/right", right, shared, inner, columns);
    Tensor product = OnnxProducts.matrices(to, name + "/product", l, r);
    String letters = shared + rows + columns;
    long[] shape = new long[letters.length()];
    for (int i = 0; i < shape.length; i++) {
      char c = letters.charAt(i);
      shape[i] = Math.max(left.has(c) ? left.size(c) : 1, right.has(c) ? right.size(c) : 1);
    }
    if (shape.length == 0) {
      throw refused(node, node.text("equation", ""));
    }
    return new Term(OnnxAxes.example(to, name + "/split", product, shape), letters);
  }

  /** The axes of some letters first, then two axes for two groups of others. */
  private static Tensor merged(
      OnnxTranslation to, String name, Term term, String first, String second, String third) {
    Tensor ordered = ordered(to, name + "/ordered", term, first + second + third);
    long[] shape = Arrays.copyOf(ordered.shape(), first.length() + 2);
    shape[first.length()] = length(term, second);
    shape[first.length() + 1] = length(term, third);
    return OnnxAxes.example(to, name + "/merged", ordered, shape);
  }

  private static long length(Term term, String letters) {
    return letters.chars().mapToLong(c -> term.size((char) c)).reduce(1, Math::multiplyExact);
  }

  private static Tensor ordered(OnnxTranslation to, String name, Term term, String letters) {
    int[] axes = letters.chars().map(c -> term.letters().indexOf(c)).toArray();
    return Arrays.equals(axes, OnnxAxes.rising(axes.length))
        ? term.tensor()
        : to.add(new Node.Transpose(name, term.tensor().node(), axes));
  }

  /** Sums over what is not kept. */
  private static Term summed(
      OnnxTranslation to, String name, Term term, Predicate<Character> kept) {
    String letters = term.letters();
    String left = filtered(letters, kept);
    if (left.equals(letters)) {
      return term;
    }
    int[] axes =
        letters.chars().filter(c -> left.indexOf(c) < 0).map(letters::indexOf).sorted().toArray();
    Tensor sum = to.add(new Node.Reduce(name, term.tensor().node(), Reduction.SUM, axes));
    long[] shape = left.chars().mapToLong(c -> term.size((char) c)).toArray();
    return new Term(
        OnnxAxes.example(to, name + "/kept", sum, shape.length == 0 ? new long[] {1} : shape),
        left);
  }

  private static String filtered(String letters, Predicate<Character> kept) {
    return letters
        .chars()
        .filter(c -> kept.test((char) c))
        .mapToObj(Character::toString)
        .collect(Collectors.joining());
  }

  private static String sorted(String letters) {
    return letters.chars().sorted().mapToObj(Character::toString).collect(Collectors.joining());
  }
}
