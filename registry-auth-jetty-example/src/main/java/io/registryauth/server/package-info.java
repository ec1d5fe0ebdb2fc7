// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

/**
 * The token service as a server with a command line: {@link io.registryauth.server.Main}. Not a
 * library: nothing here is meant to be called by others.
 */
@NullMarked
@CheckReturnValue
package io.registryauth.server;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
