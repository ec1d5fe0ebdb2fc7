// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.e2e;

/**
 * What tests are tagged with that measure a server, and would measure another test beside it. All
 * others run two at a time.
 */
final class Alone {
  static final String TAG = "alone";

  private Alone() {}
}
