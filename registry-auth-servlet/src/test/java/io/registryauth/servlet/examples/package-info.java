// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

/** The programs that the documentation shows: it includes their parts between the two marks. */
@NullMarked
package io.registryauth.servlet.examples;

import org.jspecify.annotations.NullMarked;
