// SPDX-License-Identifier: Apache-2.0
package orgd.engine;

import de.bwaldvogel.mongo.MongoVersion;
import de.bwaldvogel.mongo.backend.Utils;
import de.bwaldvogel.mongo.backend.memory.MemoryBackend;
import de.bwaldvogel.mongo.backend.memory.MemoryDatabase;
import de.bwaldvogel.mongo.bson.Document;
import de.bwaldvogel.mongo.exception.MongoServerError;
import de.bwaldvogel.mongo.exception.MongoServerException;
import io.netty.channel.Channel;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;

/**
 * mongo-java-server's memory backend, made to answer as a mongod 6.0 does wherever orgd can tell the
 * difference. Safe for any number of threads.
 *
 * <p>Every command is atomic: those that only read share a lock, all others have it alone. Replies are copied
 * while the lock is held, since they refer to stored documents and are encoded later.
 */
final class Engine extends MemoryBackend {
	/** mongod 6.0: the first version with collectionUUID in renameCollection and drop. */
	private static final MongoVersion VERSION = new MongoVersion() {
		@Override
		public List<Integer> getVersionArray() {
			return List.of(6, 0, 0);
		}

		@Override
		public int getWireVersion() {
			return 17;
		}
	};

	private static final Set<String> READERS = Set.of("buildinfo", "collstats", "count", "dbstats", "distinct",
		"find", "hello", "ismaster", "listcollections", "listdatabases", "listindexes", "ping", "serverstatus");

	/** Those that read documents; all others know no read concern but "local". */
	private static final Set<String> CONCERNED = Set.of("aggregate", "count", "distinct", "find");

	private final ReadWriteLock lock = new ReentrantReadWriteLock();
	private final Catalog catalog = new Catalog(this);

	Engine() {
		version(VERSION);
	}

	@Override
	public MemoryDatabase openOrCreateDatabase(String name) {
		return new IndexedDatabase(name, getCursorRegistry());
	}

	@Override
	public Document handleCommand(Channel channel, String database, String command, Document query) {
		String name = command.toLowerCase(Locale.ROOT);
		Lock held = READERS.contains(name) ? lock.readLock() : lock.writeLock();
		held.lock();
		try {
			return answer(channel, database, name, query).cloneDeeply();
		} catch (MongoServerException refusal) {
			throw refusal;
		} catch (RuntimeException fault) {
			fault.printStackTrace();
			throw fault;
		} finally {
			held.unlock();
		}
	}

	private Document answer(Channel channel, String database, String name, Document query) {
		checkReadConcern(name, query);
		switch (name) {
		case "hello":
		case "ismaster":
			return hello(super.handleCommand(channel, database, "ismaster", query));
		case "listcollections":
			return catalog.complete(database, query, backend(channel, database, query));
		case "renamecollection":
			catalog.checkRename(query);
			break;
		case "drop":
			catalog.checkDrop(database, query);
			break;
		case "create":
			catalog.checkCreate(query);
			break;
		case "update":
		case "findandmodify":
			if (!catalog.exists(database, query) && !upserts(query)) {
				return nothingFound();
			}
			break;
		case "getmore":
			query.putIfAbsent("batchSize", Integer.MAX_VALUE);
			break;
		case "insert":
			query.putIfAbsent("ordered", true);
			return countInserted(query, backend(channel, database, query));
		default:
			break;
		}
		return backend(channel, database, query);
	}

	private static void checkReadConcern(String name, Document query) {
		Object level = ((Document) query.getOrDefault("readConcern", new Document())).getOrDefault("level", "local");
		if (!level.equals("local") && !CONCERNED.contains(name)) {
			throw new MongoServerError(72, "InvalidOptions", "Command " + name + " does not support { readConcern: "
				+ "{ level: \"" + level + "\" } } :: caused by :: read concern not supported");
		}
	}

	/** The base class reads a command's own field by the name that it is given. */
	private Document backend(Channel channel, String database, Document query) {
		return super.handleCommand(channel, database, query.keySet().iterator().next(), query);
	}

	/** Neither an update nor a findAndModify without upsert creates a collection, other than in the base class. */
	private static boolean upserts(Document query) {
		Object updates = query.getOrDefault("updates", List.of(query));
		return ((List<?>) updates).stream().anyMatch(one -> Utils.isTrue(((Document) one).get("upsert")));
	}

	private static Document nothingFound() {
		return new Document("n", 0).append("nModified", 0).append("value", null).append("ok", 1.0);
	}

	/** The base class counts the documents that it got, not those that it took. */
	private static Document countInserted(Document query, Document reply) {
		List<?> errors = (List<?>) reply.getOrDefault("writeErrors", List.of());
		if (!errors.isEmpty()) {
			boolean ordered = Utils.isTrue(query.get("ordered"));
			int all = (int) reply.get("n");
			reply.put("n", ordered ? ((Document) errors.get(0)).get("index") : all - errors.size());
		}
		return reply;
	}

	private static Document hello(Document reply) {
		return reply.append("isWritablePrimary", true).append("helloOk", true).append("readOnly", false);
	}
}
