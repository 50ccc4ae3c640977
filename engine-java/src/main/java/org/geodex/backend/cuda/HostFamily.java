package org.geodex.backend.cuda;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;

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
                return method.invoke(host, arguments);
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            }));
  }
}
