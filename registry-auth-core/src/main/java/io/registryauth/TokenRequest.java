// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableListMultimap;
import com.google.errorprone.annotations.CanIgnoreReturnValue;
import io.registryauth.credential.BasicCredentialsParser;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What of an HTTP request counts for a token: the parameters and headers of the <a
 * href="https://distribution.github.io/distribution/spec/auth/token/">token authentication
 * specification</a>, unchecked. {@link #toString} leaves the credentials out. Immutable.
 */
public final class TokenRequest {
  /** The greatest length of a query string, in characters. */
  public static final int MAX_QUERY_LENGTH = 8 * 1024;

  private static final int MAX_REQUEST_ID_LENGTH = 64;

  private final ImmutableListMultimap<String, String> parameters;
  private final ImmutableList<String> authorizations;
  private final String clientAddress;
  private final String requestId;
  private final Optional<TokenResult.Rejected> unreadable;

  private TokenRequest(Builder builder) {
    parameters = builder.parameters;
    authorizations = ImmutableList.copyOf(builder.authorizations);
    clientAddress = builder.clientAddress;
    requestId = builder.requestId;
    unreadable = Optional.ofNullable(builder.unreadable);
  }

  /** Starts to build a request. */
  public static Builder builder() {
    return new Builder();
  }

  /** Returns the values of a parameter, decoded, in the order they came. */
  List<String> parameter(String name) {
    return parameters.get(name);
  }

  /** Returns the values of the {@code Authorization} headers. */
  List<String> authorizations() {
    return authorizations;
  }

  /** Returns why the request cannot be read at all, if so. */
  Optional<TokenResult.Rejected> unreadable() {
    return unreadable;
  }

  /** Returns the {@code service} parameter; with commas if there are several, empty if none. */
  public String service() {
    return String.join(",", parameter("service"));
  }

  /** Returns the address that the request came from, or nothing. */
  public String clientAddress() {
    return clientAddress;
  }

  /** Returns the text that log lines and answers name the request by. */
  public String requestId() {
    return requestId;
  }

  /** Returns the request id, and nothing that the client sent. */
  @Override
  public String toString() {
    return "TokenRequest[" + requestId + "]";
  }

  /** Builds a {@link TokenRequest}. Not thread-safe. */
  public static final class Builder {
    private ImmutableListMultimap<String, String> parameters = ImmutableListMultimap.of();
    private final List<String> authorizations = new ArrayList<>();
    private String clientAddress = "";
    private String requestId = UUID.randomUUID().toString();
    private TokenResult.@Nullable Rejected unreadable;

    private Builder() {}

    /**
     * Sets the query string as it came, still encoded; null for none. One that is too long or badly
     * encoded becomes a refused request.
     */
    @CanIgnoreReturnValue
    public Builder query(@Nullable String query) {
      if (query == null) {
        return this;
      }
      if (query.length() > MAX_QUERY_LENGTH) {
        unreadable =
            new TokenResult.Rejected(
                414,
                ErrorCode.UNSUPPORTED,
                "The query has "
                    + query.length()
                    + " characters; at most "
                    + MAX_QUERY_LENGTH
                    + " are valid",
                "query-too-long");
        return this;
      }
      try {
        parameters = QueryString.parse(query);
      } catch (IllegalArgumentException e) {
        unreadable =
            new TokenResult.Rejected(
                400,
                ErrorCode.UNSUPPORTED_VALUE,
                "The query cannot be decoded: " + e.getMessage(),
                "query-encoding");
      }
      return this;
    }

    /** Adds the value of an {@code Authorization} header; null for none. */
    @CanIgnoreReturnValue
    public Builder authorization(@Nullable String value) {
      if (value == null) {
        return this;
      }
      authorizations.add(value);
      if (value.length() > BasicCredentialsParser.MAX_HEADER_LENGTH) {
        unreadable =
            new TokenResult.Rejected(
                431,
                ErrorCode.UNSUPPORTED,
                "The Authorization header has "
                    + value.length()
                    + " characters; at most "
                    + BasicCredentialsParser.MAX_HEADER_LENGTH
                    + " are valid",
                "authorization-too-long");
      }
      return this;
    }

    /** Sets the address that the request came from. */
    @CanIgnoreReturnValue
    public Builder clientAddress(String address) {
      clientAddress = address;
      return this;
    }

    /**
     * Takes the request's id from the client or a proxy, if it is 1 to 64 of letters, digits,
     * {@code .}, {@code _} and {@code -}; otherwise the request keeps a random one.
     */
    @CanIgnoreReturnValue
    public Builder requestId(@Nullable String id) {
      if (id != null && isRequestId(id)) {
        requestId = id;
      }
      return this;
    }

    private static boolean isRequestId(String id) {
      return !id.isEmpty()
          && id.length() <= MAX_REQUEST_ID_LENGTH
          && id.chars()
              .allMatch(
                  c ->
                      (c >= 'a' && c <= 'z')
                          || (c >= 'A' && c <= 'Z')
                          || (c >= '0' && c <= '9')
                          || c == '.'
                          || c == '_'
                          || c == '-');
    }

    /** Makes the request. */
    public TokenRequest build() {
      return new TokenRequest(this);
    }
  }
}
