// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

/**
 * Kubernetes: credentials in Secrets, on the official client, and the objects that a registry and
 * its tenants need. Start at {@link io.registryauth.kubernetes.KubernetesCredentialStore}.
 */
@NullMarked
@CheckReturnValue
package io.registryauth.kubernetes;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
