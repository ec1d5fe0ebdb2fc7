// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.authorization;

import io.registryauth.credential.Identity;
import io.registryauth.scope.ResourceScope;

/**
 * A question to an {@link Authorizer}.
 *
 * @param identity who asks
 * @param scope what for
 */
public record AuthorizationRequest(Identity identity, ResourceScope scope) {}
