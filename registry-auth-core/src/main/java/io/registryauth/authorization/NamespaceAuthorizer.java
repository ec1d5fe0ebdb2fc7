// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.authorization;

import com.google.common.collect.ImmutableSet;
import com.google.errorprone.annotations.CanIgnoreReturnValue;
import io.registryauth.credential.Identity;
import io.registryauth.scope.ResourceScope;
import io.registryauth.tenant.NamespaceExtractor;
import io.registryauth.tenant.NamespaceName;
import java.util.Collection;
import java.util.Optional;
import java.util.Set;

/**
 * The policy of namespaces as tenants. In the order of the rows, the first that fits holds:
 *
 * <table>
 * <caption>Who may do what</caption>
 * <tr><th>who</th><th>resource</th><th>may</th></tr>
 * <tr><td>a tenant</td><td>its own repositories</td><td>pull, push, delete</td></tr>
 * <tr><td>an administrator</td><td>every repository</td><td>pull</td></tr>
 * <tr><td>an administrator</td><td>{@code registry:catalog}</td><td>*</td></tr>
 * <tr><td>any tenant</td><td>repositories of shared namespaces</td><td>pull</td></tr>
 * <tr><td>anybody</td><td>repositories of public namespaces</td><td>pull</td></tr>
 * <tr><td>else</td><td></td><td>nothing</td></tr>
 * </table>
 *
 * <p>Immutable.
 */
public final class NamespaceAuthorizer implements Authorizer {
  private static final ImmutableSet<String> OWN = ImmutableSet.of("pull", "push", "delete");
  private static final ImmutableSet<String> PULL = ImmutableSet.of("pull");
  private static final ImmutableSet<String> ALL = ImmutableSet.of(ResourceScope.ALL_ACTIONS);

  private final ImmutableSet<NamespaceName> publicNamespaces;
  private final ImmutableSet<NamespaceName> sharedNamespaces;
  private final ImmutableSet<NamespaceName> adminNamespaces;

  private NamespaceAuthorizer(Builder builder) {
    publicNamespaces = builder.publicNamespaces;
    sharedNamespaces = builder.sharedNamespaces;
    adminNamespaces = builder.adminNamespaces;
  }

  /** Starts to build a policy in which tenants have their own repositories and nothing else. */
  public static Builder builder() {
    return new Builder();
  }

  @Override
  public Set<String> allowedActions(AuthorizationRequest request) {
    ResourceScope scope = request.scope();
    if (scope.type().equals(ResourceScope.REPOSITORY)) {
      return onRepository(request.identity(), NamespaceExtractor.extract(scope));
    }
    boolean catalog = scope.type().equals("registry") && scope.name().equals("catalog");
    return catalog && isAdmin(request.identity()) ? ALL : ImmutableSet.of();
  }

  private Set<String> onRepository(Identity identity, Optional<NamespaceName> owner) {
    if (identity instanceof Identity.Tenant tenant) {
      if (owner.isPresent() && owner.get().equals(tenant.namespace())) {
        return OWN;
      }
      if (isAdmin(identity) || owner.filter(sharedNamespaces::contains).isPresent()) {
        return PULL;
      }
    }
    return owner.filter(publicNamespaces::contains).isPresent() ? PULL : ImmutableSet.of();
  }

  private boolean isAdmin(Identity identity) {
    return identity instanceof Identity.Tenant tenant
        && adminNamespaces.contains(tenant.namespace());
  }

  /** Builds a {@link NamespaceAuthorizer}. Not thread-safe. */
  public static final class Builder {
    private ImmutableSet<NamespaceName> publicNamespaces = ImmutableSet.of();
    private ImmutableSet<NamespaceName> sharedNamespaces = ImmutableSet.of();
    private ImmutableSet<NamespaceName> adminNamespaces = ImmutableSet.of();

    private Builder() {}

    /** Sets the namespaces that anybody may pull from, without credentials too. */
    @CanIgnoreReturnValue
    public Builder publicNamespaces(Collection<NamespaceName> namespaces) {
      publicNamespaces = ImmutableSet.copyOf(namespaces);
      return this;
    }

    /** Sets the namespaces that every tenant may pull from. */
    @CanIgnoreReturnValue
    public Builder sharedNamespaces(Collection<NamespaceName> namespaces) {
      sharedNamespaces = ImmutableSet.copyOf(namespaces);
      return this;
    }

    /** Sets the tenants that may list the catalog and pull every repository. */
    @CanIgnoreReturnValue
    public Builder adminNamespaces(Collection<NamespaceName> namespaces) {
      adminNamespaces = ImmutableSet.copyOf(namespaces);
      return this;
    }

    /** Makes the policy. */
    public NamespaceAuthorizer build() {
      return new NamespaceAuthorizer(this);
    }
  }
}
