// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

package io.registryauth.springboot;

import io.registryauth.credential.AuthenticationResult.Throttled;
import io.registryauth.credential.Authenticator;
import java.time.Duration;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** An application that bounds the guesses of one client. */
@Configuration(proxyBeanMethods = false)
class LimitedGuessesExample {
  static final String GUESSER = "192.0.2.1";

  // [start]
  /** Around the one that is there, of whose store, cache and refresh tokens all stays. */
  @Bean
  static BeanPostProcessor limitedGuesses() {
    return new BeanPostProcessor() {
      @Override
      public Object postProcessAfterInitialization(Object bean, String name) {
        return bean instanceof Authenticator inner ? limited(inner) : bean;
      }
    };
  }

  private static Authenticator limited(Authenticator inner) {
    return request ->
        guessesTooOften(request.clientAddress())
            ? new Throttled(Duration.ofMinutes(1))
            : inner.authenticate(request); // and count the AuthenticationResult.Refused
  }

  // [end]

  private static boolean guessesTooOften(String address) {
    return address.equals(GUESSER);
  }
}
