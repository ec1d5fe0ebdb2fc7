// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

/** Programs that docs/embedding.md shows. */
package io.registryauth.kubernetes.examples;
