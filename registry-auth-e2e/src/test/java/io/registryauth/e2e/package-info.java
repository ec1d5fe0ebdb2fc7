// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

/**
 * The packaged server, {@code registry-auth.jar}, as its users meet it: started as a process, beside
 * real registries and clients.
 *
 * <p>Programs are started by {@link io.registryauth.e2e.RunningProcess}, on loopback, on free ports
 * and in temporary directories: {@link io.registryauth.e2e.TokenServer}, {@link
 * io.registryauth.e2e.Registry} and {@link io.registryauth.e2e.Client}. {@link
 * io.registryauth.e2e.Peers} finds those that the project does not build. {@link
 * io.registryauth.e2e.KubernetesApi} is a real API server, {@link io.registryauth.e2e.Manifests} what
 * {@code deploy/} has for it.
 */
package io.registryauth.e2e;
