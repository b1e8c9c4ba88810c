db = connect(process.env.MONGO_URL);
db.getCollection(process.env.COLLECTION).createIndex(EJSON.parse(process.env.KEYS), EJSON.parse(process.env.OPTIONS));
