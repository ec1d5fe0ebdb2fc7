// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth;

import static com.tngtech.archunit.core.domain.JavaModifier.PROTECTED;
import static com.tngtech.archunit.core.domain.JavaModifier.PUBLIC;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.GeneralCodingRules.NO_CLASSES_SHOULD_ACCESS_STANDARD_STREAMS;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.google.errorprone.annotations.CheckReturnValue;
import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.AccessTarget.CodeUnitAccessTarget;
import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaCodeUnit;
import com.tngtech.archunit.core.domain.JavaField;
import com.tngtech.archunit.core.domain.JavaMember;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.domain.JavaType;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import com.tngtech.archunit.library.dependencies.SliceAssignment;
import com.tngtech.archunit.library.dependencies.SliceIdentifier;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Calendar;
import java.util.Date;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.NullMarked;

/** What core's packages may know of each other, and what its users may see of its dependencies. */
@AnalyzeClasses(packages = "io.registryauth", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {
  private static final String ROOT = "io.registryauth";

  /** Each package in the order in which a request passes it, with those that it may use. */
  private static final Map<String, Set<String>> FLOW =
      Map.of(
          ROOT + ".scope",
          Set.of(),
          ROOT + ".tenant",
          packages("scope"),
          ROOT + ".credential",
          packages("scope", "tenant"),
          ROOT + ".authorization",
          packages("scope", "tenant", "credential"),
          ROOT + ".key",
          Set.of(),
          ROOT + ".token",
          packages("scope", "tenant", "credential", "authorization", "key"),
          ROOT,
          packages("scope", "tenant", "credential", "authorization", "key", "token"));

  @ArchTest
  static final ArchRule packages_dependingOnEachOther_areFreeOfCycles =
      slices().assignedFrom(packagesAsSlices()).should().beFreeOfCycles();

  @ArchTest
  static final ArchRule packages_inFlowOrder_useOnlyEarlierOnes =
      classes().should(useOnlyPackagesEarlierInTheFlow());

  @ArchTest
  static final ArchRule publicSignatures_ofCore_showOnlyTheJdkAndCore =
      classes().should(showOnlyTypesOfTheJdkAndCore());

  @ArchTest
  static final ArchRule core_servletsAndKubernetes_areUnknown =
      noClasses().should().dependOnClassesThat().resideInAnyPackage("jakarta..", "io.kubernetes..");

  @ArchTest
  static final ArchRule core_standardStreams_areUntouched =
      NO_CLASSES_SHOULD_ACCESS_STANDARD_STREAMS;

  @ArchTest
  static final ArchRule time_read_comesFromAClock =
      noClasses().should().accessTargetWhere(readsTheTimeWithoutAClock());

  @ArchTest
  static final ArchRule packages_all_areNullMarkedAndCheckReturnValues =
      classes().should(resideInAPackageMarked());

  private static Set<String> packages(String... names) {
    return Set.copyOf(Stream.of(names).map(name -> ROOT + "." + name).toList());
  }

  private static SliceAssignment packagesAsSlices() {
    return new SliceAssignment() {
      @Override
      public SliceIdentifier getIdentifierOf(JavaClass javaClass) {
        return SliceIdentifier.of(javaClass.getPackageName());
      }

      @Override
      public String getDescription() {
        return "packages";
      }
    };
  }

  private static ArchCondition<JavaClass> useOnlyPackagesEarlierInTheFlow() {
    return new ArchCondition<>("use only packages earlier in the flow of a request") {
      @Override
      public void check(JavaClass javaClass, ConditionEvents events) {
        String own = javaClass.getPackageName();
        Set<String> allowed = FLOW.get(own);
        if (allowed == null) {
          violated(events, javaClass, own + " has no place in the flow: give it one in this test");
          return;
        }
        javaClass.getDirectDependenciesFromSelf().stream()
            .filter(
                dependency -> {
                  String used = dependency.getTargetClass().getPackageName();
                  return (used + ".").startsWith(ROOT + ".")
                      && !used.equals(own)
                      && !allowed.contains(used);
                })
            .forEach(dependency -> violated(events, javaClass, dependency.getDescription()));
      }
    };
  }

  private static ArchCondition<JavaClass> showOnlyTypesOfTheJdkAndCore() {
    return new ArchCondition<>("show only types of the JDK and of core in public signatures") {
      @Override
      public void check(JavaClass javaClass, ConditionEvents events) {
        if (!isVisible(javaClass)) {
          return;
        }
        List<JavaType> types = new ArrayList<>(javaClass.getInterfaces());
        javaClass.getSuperclass().ifPresent(types::add);
        types.addAll(javaClass.getTypeParameters());
        report(javaClass.getName(), types, javaClass, events);

        for (JavaMember member : javaClass.getMembers()) {
          if (isPublicOrProtected(member.getModifiers())) {
            report(member.getFullName(), typesOf(member), javaClass, events);
          }
        }
      }

      private void report(
          String where, List<JavaType> types, JavaClass javaClass, ConditionEvents events) {
        types.stream()
            .flatMap(type -> type.getAllInvolvedRawTypes().stream())
            .map(JavaClass::getBaseComponentType)
            .distinct()
            .filter(type -> !type.isPrimitive())
            .filter(
                type -> !(type.getPackageName() + ".").matches("(java|javax|" + ROOT + ")\\..*"))
            .forEach(type -> violated(events, javaClass, where + " shows " + type.getName()));
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

  private static List<JavaType> typesOf(JavaMember member) {
    List<JavaType> types = new ArrayList<>();
    if (member instanceof JavaCodeUnit codeUnit) {
      types.add(codeUnit.getReturnType());
      types.addAll(codeUnit.getParameterTypes());
      types.addAll(codeUnit.getTypeParameters());
      types.addAll(codeUnit.getExceptionTypes());
    } else if (member instanceof JavaField field) {
      types.add(field.getType());
    }
    return types;
  }

  private static DescribedPredicate<JavaAccess<?>> readsTheTimeWithoutAClock() {
    return DescribedPredicate.describe(
        "reads the time without a Clock",
        access -> {
          if (!(access.getTarget() instanceof CodeUnitAccessTarget target)) {
            return false;
          }
          JavaClass owner = target.getOwner();
          List<JavaClass> parameters = target.getRawParameterTypes();
          return switch (target.getName()) {
            case "now" ->
                owner.getPackageName().startsWith("java.time")
                    && parameters.stream().noneMatch(type -> type.isEquivalentTo(Clock.class));
            case "currentTimeMillis" -> owner.isEquivalentTo(System.class);
            case "<init>" -> owner.isEquivalentTo(Date.class) && parameters.isEmpty();
            case "getInstance" -> owner.isEquivalentTo(Calendar.class);
            default -> false;
          };
        });
  }

  private static ArchCondition<JavaClass> resideInAPackageMarked() {
    return new ArchCondition<>("reside in a package with @NullMarked and @CheckReturnValue") {
      @Override
      public void check(JavaClass javaClass, ConditionEvents events) {
        Stream.of(NullMarked.class, CheckReturnValue.class)
            .filter(annotation -> !javaClass.getPackage().isAnnotatedWith(annotation))
            .forEach(
                annotation ->
                    violated(
                        events,
                        javaClass,
                        "no @%s in package-info.java of %s"
                            .formatted(annotation.getSimpleName(), javaClass.getPackageName())));
      }
    };
  }

  private static void violated(ConditionEvents events, JavaClass where, String message) {
    events.add(SimpleConditionEvent.violated(where, message));
  }
}
