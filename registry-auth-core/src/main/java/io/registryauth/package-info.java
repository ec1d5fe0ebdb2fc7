// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

/**
 * The façade: {@link io.registryauth.TokenService} turns a token request of a container client into
 * a signed token or a refusal, and the values that go in and come out.
 *
 * <p>One request runs through the packages in this order: {@code scope} (what is asked), {@code
 * tenant} (whose repository is that), {@code credential} (who asks), {@code authorization} (what may
 * they have), {@code key} and {@code token} (sign it).
 */
@NullMarked
@CheckReturnValue
package io.registryauth;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
