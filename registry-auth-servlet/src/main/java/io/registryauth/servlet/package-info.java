// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

/**
 * The token service as servlets for any Jakarta Servlet 6 container: {@link
 * io.registryauth.servlet.TokenServlet}, {@link io.registryauth.servlet.JwksServlet} and {@link
 * io.registryauth.servlet.HealthServlet}. Each has a constructor for code and init parameters for
 * {@code web.xml}.
 */
@NullMarked
@CheckReturnValue
package io.registryauth.servlet;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
