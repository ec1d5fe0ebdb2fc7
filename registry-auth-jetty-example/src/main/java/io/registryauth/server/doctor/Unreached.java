// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.server.doctor;

import com.google.common.base.Throwables;
import java.io.IOException;
import java.net.UnknownHostException;
import java.security.cert.CertPathBuilderException;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateNotYetValidException;
import java.util.List;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLPeerUnverifiedException;

/** Why there was no answer. */
enum Unreached {
  /** Nobody knows the host. */
  UNKNOWN_HOST,
  /** The certificate is signed by nobody whom clients trust. */
  UNTRUSTED,
  /** The certificate is not valid now. */
  EXPIRED,
  /** The certificate is for another host. */
  OTHER_HOST,
  /** It speaks plain http. */
  NO_TLS,
  /** There is no connection, or no answer in time. */
  NO_ANSWER;

  /** Why one whose certificate is {@link #UNTRUSTED} is not looked at without a file. */
  static final String BY_NONE_THAT_JAVA_KNOWS =
      "its certificate is signed by no authority that Java knows; --ca-file FILE names what clients"
          + " trust";

  /** Says how to look at a Service that nobody knows outside of the cluster. */
  static String inTheCluster(Setup setup, String serviceAndPorts) {
    return "its name is known in the cluster alone; run doctor in a pod, or forward its port:"
        + " kubectl port-forward -n %s service/%s"
            .formatted(Fixes.namespace(setup), serviceAndPorts);
  }

  static Unreached of(IOException e) {
    List<Throwable> causes = Throwables.getCausalChain(e);
    Throwable root = causes.get(causes.size() - 1);
    if (root instanceof UnknownHostException) {
      return UNKNOWN_HOST;
    }
    if (root instanceof CertificateExpiredException
        || root instanceof CertificateNotYetValidException) {
      return EXPIRED;
    }
    if (causes.stream()
        .anyMatch(
            cause ->
                cause instanceof CertPathBuilderException
                    || cause instanceof CertPathValidatorException)) {
      return UNTRUSTED;
    }
    if (e instanceof SSLPeerUnverifiedException) {
      return OTHER_HOST;
    }
    // As the JDK says it of what begins with anything else than a record of TLS.
    return root instanceof SSLException
            && String.valueOf(root.getMessage()).contains("Unsupported or unrecognized SSL message")
        ? NO_TLS
        : NO_ANSWER;
  }
}
