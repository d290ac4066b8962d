package io.metamer.docs;

import static com.tngtech.archunit.base.DescribedPredicate.anyElementThat;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noMethods;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.GeneralCodingRules.ACCESS_STANDARD_STREAMS;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import org.nd4j.linalg.factory.Nd4j;

/** The structure of the house: who may know whom, and what is visible. */
@AnalyzeClasses(packages = "io.metamer", importOptions = ImportOption.DoNotIncludeTests.class)
final class ArchitectureTest {

  private static final String[] LIBRARIES = {
    "io.metamer.image..",
    "io.metamer.loss..",
    "io.metamer.weights..",
    "io.metamer.network..",
    "io.metamer.onednn..",
    "io.metamer.model..",
    "io.metamer.perceptual..",
    "io.metamer.inversion..",
    "io.metamer.regularizers..",
    "io.metamer.metrics..",
    "io.metamer.studies.."
  };

  private ArchitectureTest() {}

  @ArchTest
  static final ArchRule eachPackage_usesOnlyThoseBeforeIt =
      layeredArchitecture()
          .consideringOnlyDependenciesInAnyPackage("io.metamer..")
          .layer("image")
          .definedBy("io.metamer.image..")
          .layer("loss")
          .definedBy("io.metamer.loss..")
          .layer("weights")
          .definedBy("io.metamer.weights..")
          .layer("network")
          .definedBy("io.metamer.network..")
          .layer("onednn")
          .definedBy("io.metamer.onednn..")
          .layer("model")
          .definedBy("io.metamer.model..")
          .layer("perceptual")
          .definedBy("io.metamer.perceptual..")
          .layer("inversion")
          .definedBy("io.metamer.inversion..")
          .layer("regularizers")
          .definedBy("io.metamer.regularizers..")
          .layer("metrics")
          .definedBy("io.metamer.metrics..")
          .optionalLayer("studies")
          .definedBy("io.metamer.studies..")
          .layer("examples")
          .definedBy("io.metamer.examples..")
          .whereLayer("image")
          .mayNotAccessAnyLayer()
          .whereLayer("loss")
          .mayOnlyAccessLayers("image")
          .whereLayer("weights")
          .mayNotAccessAnyLayer()
          .whereLayer("network")
          .mayOnlyAccessLayers("image", "loss")
          .whereLayer("onednn")
          .mayOnlyAccessLayers("network")
          .whereLayer("model")
          .mayOnlyAccessLayers("image", "loss", "weights", "network")
          .whereLayer("perceptual")
          .mayOnlyAccessLayers("image", "loss", "weights", "network", "model")
          .whereLayer("inversion")
          .mayOnlyAccessLayers("image", "loss", "weights", "network", "model", "perceptual")
          .whereLayer("regularizers")
          .mayOnlyAccessLayers(
              "image", "loss", "weights", "network", "model", "perceptual", "inversion")
          .whereLayer("metrics")
          .mayOnlyAccessLayers(
              "image", "loss", "weights", "network", "model", "perceptual", "inversion")
          .whereLayer("studies")
          .mayOnlyAccessLayers(
              "image",
              "loss",
              "weights",
              "network",
              "model",
              "perceptual",
              "inversion",
              "regularizers",
              "metrics");

  @ArchTest
  static final ArchRule packages_haveNoCycles =
      slices().matching("io.metamer.(*)..").should().beFreeOfCycles();

  @ArchTest
  static final ArchRule libraries_doNotPrint =
      noClasses()
          .that()
          .resideInAnyPackage(LIBRARIES)
          .should(ACCESS_STANDARD_STREAMS)
          .because("progress is a listener");

  @ArchTest
  static final ArchRule nothing_drawsFromTheSharedGenerator =
      noClasses()
          .should()
          .callMethod(Nd4j.class, "getRandom")
          .because("every number drawn depends on a seed in hand");

  @ArchTest
  static final ArchRule everyClass_isAnInterfaceOrFinal =
      classes()
          .that()
          .areNotInterfaces()
          .and()
          .areNotEnums()
          .and()
          .areNotAnonymousClasses()
          .should()
          .haveModifier(JavaModifier.FINAL)
          .because("what may be implemented is an interface");

  @ArchTest
  static final ArchRule commonsMath_isInNoPublicSignature =
      noMethods()
          .that()
          .arePublic()
          .should()
          .haveRawReturnType(resideInAPackage("org.apache.commons.math3.."))
          .orShould()
          .haveRawParameterTypes(anyElementThat(resideInAPackage("org.apache.commons.math3..")));
}
