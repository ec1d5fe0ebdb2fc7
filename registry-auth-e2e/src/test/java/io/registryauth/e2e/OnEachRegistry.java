// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.e2e;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.ValueSource;

/** Runs a test class once for each supported version of the registry. */
@ParameterizedClass(name = "registry {0}")
@ValueSource(strings = {"3.0.0", "3.1.2"})
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.TYPE)
@interface OnEachRegistry {}
