// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

/** An application of Spring Boot; examples/spring-boot-4 compiles the same one. */
@NullMarked
package io.registryauth.examples.spring;

import org.jspecify.annotations.NullMarked;
