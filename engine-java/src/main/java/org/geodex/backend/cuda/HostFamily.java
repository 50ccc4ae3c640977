package org.geodex.backend.cuda;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.Arrays;
import java.util.List;
import org.geodex.matrix.Matrix;

/** A family of operations without kernels: every call goes to the host's cores and is noted. */
final class HostFamily {
  private HostFamily() {}

  /**
   * The host's family with each operation noted as {@code name.method}.
   *
   * @param type the family's interface
   */
  static <T> T noted(Class<T> type, String name, T host, HostWork hostWork) {
    return type.cast(
        Proxy.newProxyInstance(
            type.getClassLoader(),
            new Class<?>[] {type},
            (proxy, method, arguments) -> {
              hostWork.note(name + "." + method.getName());
              try {
                return method.invoke(host, onHost(arguments));
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            }));
  }

  /** Matrices on the device as the host reads them: the families here write into none. */
  private static Object[] onHost(Object[] arguments) {
    return Arrays.stream(arguments)
        .map(
            argument ->
                switch (argument) {
                  case Matrix x -> x.onHost();
                  case List<?> list -> list.stream().map(x -> onHost(new Object[] {x})[0]).toList();
                  case null -> null;
                  default -> argument;
                })
        .toArray();
  }
}
