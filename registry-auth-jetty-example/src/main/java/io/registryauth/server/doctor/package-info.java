// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

/**
 * Says why a set-up of registry, token server and clients does not work: {@link
 * io.registryauth.server.doctor.Doctor} looks at a {@link io.registryauth.server.doctor.Setup} with
 * one small check after another, each of which adds to a {@link
 * io.registryauth.server.doctor.Report}. Writes nothing anywhere.
 */
@NullMarked
@CheckReturnValue
package io.registryauth.server.doctor;

import com.google.errorprone.annotations.CheckReturnValue;
import org.jspecify.annotations.NullMarked;
