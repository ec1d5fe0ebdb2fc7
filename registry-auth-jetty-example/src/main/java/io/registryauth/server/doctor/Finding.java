// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server.doctor;

/**
 * Something that is wrong. Holds no password, key or token.
 *
 * @param id which of the things that can be wrong
 * @param problem what is wrong, with the values that do not fit
 * @param where a file and its key, a Secret and its key, or a URL
 * @param fix what to do; the commands that do it are between backticks, each to be run as it is
 */
public record Finding(FindingId id, String problem, String where, String fix) {}
