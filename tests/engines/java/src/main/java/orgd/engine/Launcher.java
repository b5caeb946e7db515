// SPDX-License-Identifier: Apache-2.0
package orgd.engine;

import de.bwaldvogel.mongo.MongoServer;
import java.io.IOException;
import java.io.OutputStream;

/**
 * Serves on loopback until its standard input ends, so that it never outlives who started it.
 * Usage: Launcher [--port N]; 0, the default, takes a free one. Prints its URI when it answers.
 */
public final class Launcher {
	private Launcher() {
	}

	public static void main(String[] arguments) {
		int status = 0;
		try {
			serve(port(arguments));
		} catch (Exception fault) {
			System.err.println("engine: " + fault.getMessage());
			status = 1;
		}
		// Threads of a server that could not be bound would keep the process alive.
		Runtime.getRuntime().halt(status);
	}

	private static int port(String[] arguments) {
		if (arguments.length == 0) {
			return 0;
		}
		if (arguments.length != 2 || !arguments[0].equals("--port")) {
			throw new IllegalArgumentException("usage: Launcher [--port N]");
		}
		return Integer.parseInt(arguments[1]);
	}

	private static void serve(int port) throws IOException {
		MongoServer server = new MongoServer(new Engine());
		server.bind("127.0.0.1", port);
		System.out.printf("mongodb://127.0.0.1:%d/%n", server.getLocalAddress().getPort());
		System.out.flush();
		System.in.transferTo(OutputStream.nullOutputStream());
	}
}
