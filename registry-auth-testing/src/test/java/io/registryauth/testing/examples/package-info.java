// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

/** A store and its test, which docs/embedding.md shows. */
package io.registryauth.testing.examples;
