// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.credential;

import java.time.Duration;

/**
 * What a {@link CachingCredentialStore} has done since it was made, for metrics. Each lookup that
 * ended counts once, as one of the first four.
 *
 * @param hits lookups that a copy answered, with no need of the store
 * @param reads lookups that waited for the store, and got what was read
 * @param stale lookups that an old copy answered, since the store failed or too many waited for it
 * @param failures lookups that could not be answered
 * @param servedAge how old the copies were, in all, that answered as hits or stale; divided by
 *     their number, the mean
 * @param known accounts that are remembered with credentials
 * @param unknown names that are remembered to have none
 */
public record CacheStats(
    long hits,
    long reads,
    long stale,
    long failures,
    Duration servedAge,
    long known,
    long unknown) {}
