// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.kubernetes;

import static com.tngtech.archunit.core.domain.JavaModifier.PROTECTED;
import static com.tngtech.archunit.core.domain.JavaModifier.PUBLIC;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.GeneralCodingRules.NO_CLASSES_SHOULD_ACCESS_STANDARD_STREAMS;

import com.google.errorprone.annotations.CheckReturnValue;
import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaCodeUnit;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.domain.JavaType;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.NullMarked;

/** What the users of this module may see of the Kubernetes client: the client itself, no more. */
@AnalyzeClasses(
    packages = "io.registryauth.kubernetes",
    importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {
  private static final String SHOWN =
      "(java|io\\.registryauth)\\..*|io\\.kubernetes\\.client\\.openapi\\.ApiClient";

  @ArchTest
  static final ArchRule publicSignatures_ofKubernetes_showTheClientAlone =
      classes().should(showNoTypesOfOthersButTheClient());

  @ArchTest
  static final ArchRule kubernetes_itsServers_areUnknown =
      noClasses()
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("io.registryauth.server..", "io.registryauth.servlet..", "jakarta..");

  @ArchTest
  static final ArchRule kubernetes_standardStreams_areUntouched =
      NO_CLASSES_SHOULD_ACCESS_STANDARD_STREAMS;

  @ArchTest
  static final ArchRule time_read_comesFromAClock =
      noClasses()
          .should()
          .callMethod(Instant.class, "now")
          .orShould()
          .callMethod(System.class, "currentTimeMillis")
          .orShould()
          .callConstructor(Date.class);

  @ArchTest
  static final ArchRule packages_all_areNullMarkedAndCheckReturnValues =
      classes()
          .should(
              ArchCondition.from(
                  DescribedPredicate.<JavaClass>describe(
                      "reside in a package with @NullMarked and @CheckReturnValue",
                      type ->
                          type.getPackage().isAnnotatedWith(NullMarked.class)
                              && type.getPackage().isAnnotatedWith(CheckReturnValue.class))));

  private static ArchCondition<JavaClass> showNoTypesOfOthersButTheClient() {
    return new ArchCondition<>("show no types of others but the client in public signatures") {
      @Override
      public void check(JavaClass javaClass, ConditionEvents events) {
        if (!isVisible(javaClass)) {
          return;
        }
        for (JavaCodeUnit member : javaClass.getCodeUnits()) {
          if (isPublicOrProtected(member.getModifiers())) {
            typesOf(member).stream()
                .flatMap(type -> type.getAllInvolvedRawTypes().stream())
                .map(JavaClass::getBaseComponentType)
                .filter(type -> !type.isPrimitive() && !type.getName().matches(SHOWN))
                .map(type -> member.getFullName() + " shows " + type.getName())
                .forEach(text -> events.add(SimpleConditionEvent.violated(javaClass, text)));
          }
        }
      }
    };
  }

  private static boolean isVisible(JavaClass javaClass) {
    return isPublicOrProtected(javaClass.getModifiers())
        && javaClass.getEnclosingClass().map(ArchitectureTest::isVisible).orElse(true);
  }

  private static boolean isPublicOrProtected(Set<JavaModifier> modifiers) {
    return modifiers.contains(PUBLIC) || modifiers.contains(PROTECTED);
  }

  private static List<JavaType> typesOf(JavaCodeUnit member) {
    List<JavaType> types = new ArrayList<>(member.getParameterTypes());
    types.add(member.getReturnType());
    types.addAll(member.getExceptionTypes());
    return types;
  }
}
