// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth;

import io.registryauth.scope.RequestedScopes;

/**
 * One decision. What comes of the request may hold anything that a client can send, within the
 * request's limits: escape it before it goes to a log.
 *
 * @param request what came in
 * @param asked its scopes
 * @param result what became of it
 */
public record TokenDecision(TokenRequest request, RequestedScopes asked, TokenResult result) {}
