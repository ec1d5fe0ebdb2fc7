// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.common.base.Ascii;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableListMultimap;
import com.google.errorprone.annotations.CanIgnoreReturnValue;
import io.registryauth.credential.BasicCredentialsParser;
import io.registryauth.credential.Credentials;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
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

  /** The greatest length of a form, in bytes. */
  public static final int MAX_FORM_BYTES = 8 * 1024;

  private static final String FORM_TYPE = "application/x-www-form-urlencoded";

  private static final int MAX_REQUEST_ID_LENGTH = 64;

  private final ImmutableListMultimap<String, String> parameters;
  private final boolean isForm;
  private final ImmutableList<String> authorizations;
  private final String clientAddress;
  private final String requestId;
  private final Optional<TokenResult.Rejected> unreadable;

  private TokenRequest(Builder builder) {
    isForm = builder.form != null;
    parameters = builder.form != null ? builder.form : builder.parameters;
    authorizations = ImmutableList.copyOf(builder.authorizations);
    clientAddress = builder.clientAddress;
    requestId = builder.requestId;
    unreadable =
        Optional.ofNullable(isForm ? builder.badForm : builder.badQuery)
            .or(() -> Optional.ofNullable(builder.badAuthorization));
  }

  /** Starts to build a request. */
  public static Builder builder() {
    return new Builder();
  }

  /** Returns the values of a parameter, decoded, in the order they came. */
  List<String> parameter(String name) {
    return parameters.get(name);
  }

  /** Returns whether this is a POST, whose parameters are those of its form. */
  boolean isForm() {
    return isForm;
  }

  /**
   * Returns the {@code grant_type} of a POST, if it is one that is known: {@code password} or
   * {@code refresh_token}. Nothing otherwise, and for a GET.
   */
  public String grantType() {
    String type = isForm ? first("grant_type") : "";
    return type.equals("password") || type.equals("refresh_token") ? type : "";
  }

  /** Returns whether a refresh token is asked for. */
  boolean isOffline() {
    return isForm
        ? first("access_type").equals("offline")
        : RequestRules.TRUE.contains(first("offline_token"));
  }

  /** Returns what the client claims to be a refresh token. */
  String refreshToken() {
    return first("refresh_token");
  }

  /**
   * Returns the credentials of the form and of the {@code Authorization} header, or empty if they
   * are malformed, absent, or not the same in both.
   */
  Optional<Credentials> credentials() {
    Optional<Credentials> inHeader =
        authorizations.stream().findFirst().flatMap(BasicCredentialsParser::parse);
    if (!isForm) {
      return inHeader;
    }
    Optional<Credentials> inForm = Credentials.of(first("username"), first("password"));
    return authorizations.isEmpty() || inHeader.equals(inForm) ? inForm : Optional.empty();
  }

  private String first(String name) {
    List<String> values = parameter(name);
    return values.isEmpty() ? "" : values.get(0);
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
    private @Nullable ImmutableListMultimap<String, String> form;
    private String clientAddress = "";
    private String requestId = UUID.randomUUID().toString();
    private TokenResult.@Nullable Rejected badQuery;
    private TokenResult.@Nullable Rejected badForm;
    private TokenResult.@Nullable Rejected badAuthorization;

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
        badQuery =
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
        badQuery =
            new TokenResult.Rejected(
                400,
                ErrorCode.UNSUPPORTED_VALUE,
                "The query cannot be decoded: " + e.getMessage(),
                "query-encoding");
      }
      return this;
    }

    /**
     * Makes the request a POST, whose parameters are those of its body, as it came; its query does
     * not count, whatever it holds. A body that is too long, badly encoded or of another type
     * becomes a refused request.
     *
     * @param contentType the value of the header {@code Content-Type}, null for none
     * @param body the body; of one that is longer than {@link #MAX_FORM_BYTES}, so much that this
     *     can be seen
     */
    @CanIgnoreReturnValue
    public Builder form(@Nullable String contentType, byte[] body) {
      form = ImmutableListMultimap.of();
      if (body.length > MAX_FORM_BYTES) {
        badForm =
            new TokenResult.Rejected(
                413,
                ErrorCode.UNSUPPORTED,
                "The body has more than " + MAX_FORM_BYTES + " bytes, which are valid at most",
                "form-too-long");
      } else if (contentType == null || !isFormType(contentType)) {
        // Not 415: after 400 the clients fall back to GET.
        badForm =
            new TokenResult.Rejected(
                400,
                ErrorCode.UNSUPPORTED_VALUE,
                "The Content-Type of the body is not valid; it must be " + FORM_TYPE,
                "content-type-unknown");
      } else {
        try {
          form = QueryString.parse(UTF_8.newDecoder().decode(ByteBuffer.wrap(body)).toString());
        } catch (CharacterCodingException | IllegalArgumentException e) {
          // Without the text: there is a password in it.
          badForm =
              new TokenResult.Rejected(
                  400,
                  ErrorCode.UNSUPPORTED_VALUE,
                  "The form cannot be decoded: a percent-encoding is broken or not of UTF-8",
                  "form-encoding");
        }
      }
      return this;
    }

    /** Parameters do not count: whatever the charset is, percent-encodings are of UTF-8. */
    private static boolean isFormType(String contentType) {
      int semicolon = contentType.indexOf(';');
      String type = semicolon < 0 ? contentType : contentType.substring(0, semicolon);
      return Ascii.equalsIgnoreCase(type.strip(), FORM_TYPE);
    }

    /** Adds the value of an {@code Authorization} header; null for none. */
    @CanIgnoreReturnValue
    public Builder authorization(@Nullable String value) {
      if (value == null) {
        return this;
      }
      authorizations.add(value);
      if (value.length() > BasicCredentialsParser.MAX_HEADER_LENGTH) {
        badAuthorization =
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
