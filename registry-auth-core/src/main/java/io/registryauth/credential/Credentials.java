// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.credential;

/**
 * The credentials that a client presents.
 *
 * @param username the user name, which may be anything
 * @param password the password
 */
public record Credentials(String username, Password password) {}
