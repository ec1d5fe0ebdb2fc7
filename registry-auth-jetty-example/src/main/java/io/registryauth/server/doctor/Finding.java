// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server.doctor;

/**
 * Something that is wrong. Holds no password, key or token.
 *
 * @param id which of the things that can be wrong
 * @param problem what is wrong, with the values that do not fit
 * @param where a file and its key, a Secret and its key, or a URL
 * @param fix the command to run or the line to write
 */
public record Finding(FindingId id, String problem, String where, String fix) {}
