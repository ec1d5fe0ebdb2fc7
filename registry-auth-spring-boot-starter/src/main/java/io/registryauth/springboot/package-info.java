// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

/**
 * The token service in an application of Spring Boot 3 or 4: {@link
 * io.registryauth.springboot.RegistryAuthAutoConfiguration} makes it of the properties {@code
 * registry-auth.*} and of the application's own beans, and mounts its servlets.
 */
@NullMarked
@CheckReturnValue
package io.registryauth.springboot;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
