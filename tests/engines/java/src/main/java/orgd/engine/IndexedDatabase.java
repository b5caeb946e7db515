// SPDX-License-Identifier: Apache-2.0
package orgd.engine;

import de.bwaldvogel.mongo.backend.CollectionOptions;
import de.bwaldvogel.mongo.backend.CursorRegistry;
import de.bwaldvogel.mongo.backend.Index;
import de.bwaldvogel.mongo.backend.IndexKey;
import de.bwaldvogel.mongo.backend.memory.MemoryCollection;
import de.bwaldvogel.mongo.backend.memory.MemoryDatabase;
import java.util.List;

/** A database in memory whose collections use all their indexes. */
final class IndexedDatabase extends MemoryDatabase {
	IndexedDatabase(String name, CursorRegistry cursors) {
		super(name, cursors);
	}

	@Override
	protected MemoryCollection openOrCreateCollection(String name, CollectionOptions options) {
		return new IndexedCollection(this, name, options, cursorRegistry);
	}

	@Override
	protected Index<Integer> openOrCreateSecondaryIndex(String collection, String name, List<IndexKey> keys,
			boolean sparse) {
		return new SecondaryIndex(name, keys, (IndexedCollection) resolveCollection(collection, true));
	}
}
